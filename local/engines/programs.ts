import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** An engine is not installed. `message` says where it was looked for. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

/** The first of these folders that holds all the programs. */
export const folderWith = (programs: readonly string[], folders: readonly (string | undefined)[]): string | undefined =>
  folders.find((folder) => folder && programs.every((program) => isExecutable(join(folder, program))));

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
