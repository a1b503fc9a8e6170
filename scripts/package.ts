// Packages both roles into .lifeboat/package/<configuration>/<role>, unless nothing changed since it was done last.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Configuration that is packaged: `LIFEBOAT_CONFIG` of the environment, or what a checkout protects. */
const chosen = (): string => path.resolve(ROOT, process.env.LIFEBOAT_CONFIG ?? 'lifeboat.config.ts');

const ROLES = ['primary', 'recovery'] as const;
const INPUTS = [
  'functions/**/*.{ts,yml}',
  'shared/**/*.ts',
  'resources/*.{ts,cjs}',
  'statemachines/*.yml',
  'examples/*.ts',
  'lifeboat.config.ts',
  'serverless.yml',
  'package-lock.json',
];

/** Folder of the packaged service, by role; each configuration has its own. */
export const packageFolder = (role: (typeof ROLES)[number]): string =>
  path.join(ROOT, '.lifeboat', 'package', path.basename(chosen()).replace(/\.config\.ts$/, ''), role);

const digestOfInputs = (): string => {
  const hash = createHash('sha256').update(chosen());
  for (const file of globSync(INPUTS, { cwd: ROOT }).sort())
    hash.update(file).update(readFileSync(path.join(ROOT, file)));
  return hash.digest('hex');
};

/** Packages what changed; `say` hears about each package that is made. */
export const packageService = (say: (text: string) => void): void => {
  const digest = digestOfInputs();
  const markerOf = (role: (typeof ROLES)[number]): string => path.join(packageFolder(role), 'inputs.sha256');
  const isDone = (role: (typeof ROLES)[number]): boolean =>
    existsSync(markerOf(role)) && readFileSync(markerOf(role), 'utf8') === digest;
  if (ROLES.every(isDone)) return;
  for (const [index, role] of ROLES.entries()) {
    const folder = packageFolder(role);
    // The functions are the same in both regions: bundled once, their zips are taken over.
    const takeOver = index > 0;
    say(`packaging the service for the ${role} region`);
    // What an earlier, failed run left in these folders would end up in the zips.
    for (const stale of ['.esbuild', ...(takeOver ? [] : ['.serverless']), folder])
      rmSync(path.resolve(ROOT, stale), { recursive: true, force: true });
    const temporary = path.join(ROOT, '.lifeboat', 'tmp');
    mkdirSync(temporary, { recursive: true });
    const serverless = path.join(ROOT, 'node_modules', 'serverless', 'bin', 'serverless.js');
    const args = [serverless, 'package', '--param', `role=${role}`, '--stage', 'dev'];
    if (takeOver) args.push('--param', 'skipBuild=true');
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      // It takes seconds; one that hangs must not hold up a test run without a word.
      timeout: 300_000,
      // The bundler leaves a folder for every function in the temporary directory: one that goes with the package.
      env: { ...process.env, LIFEBOAT_CONFIG: chosen(), TMPDIR: temporary },
    });
    rmSync(temporary, { recursive: true, force: true });
    if (status !== 0) throw new Error(`Packaging for the ${role} region failed:\n${stdout}${stderr}`);
    mkdirSync(path.dirname(folder), { recursive: true });
    cpSync(path.join(ROOT, '.serverless'), folder, { recursive: true });
    writeFileSync(markerOf(role), digest);
  }
};

if (import.meta.main) packageService((text) => process.stdout.write(`${text}\n`));
