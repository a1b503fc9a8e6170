import { z } from 'zod';
import { Artifact } from '../catalog/recovery-point.ts';
import { readArtifact } from './artifacts.ts';

/** A list of objects that belong to one recovery point. */
export const Manifest = z.strictObject({ recoveryPoint: z.string(), objects: z.array(Artifact) });

/** The objects a manifest lists. @throws {ArtifactDamaged} when the manifest itself is not what was written. */
export const readManifest = async (artifact: Artifact): Promise<Artifact[]> =>
  Manifest.parse(JSON.parse((await readArtifact(artifact)).toString('utf8'))).objects;
