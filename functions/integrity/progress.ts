// Where the daily check stands, kept in the vault: a run that was cut off goes on, a day that was missed is made up for.
// Of two runs at once, which reserved concurrency keeps apart, one writes it and the other begins again from there.
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { s3 } from '../../shared/aws/clients.ts';
import { lostTheRace } from '../../shared/catalog/catalog.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';

export const Finding = z.strictObject({
  uri: z.string(),
  recoveryPoint: z.string().nullable(),
  problem: z.enum(['missing', 'size', 'stored checksum', 'content', 'unclaimed', 'manifest', 'catalogue']),
  expected: z.string(),
  found: z.string(),
});
export type Finding = z.output<typeof Finding>;

const Counts = z.strictObject({ checked: z.int(), reread: z.int(), rereadBytes: z.int(), archived: z.int() });

/** A message for people, as it waits to be told. */
const Untold = z.strictObject({
  topic: z.enum(['critical', 'warning']),
  what: z.string(),
  source: z.string(),
  since: z.iso.datetime().transform((text) => new Date(text)),
  impact: z.string(),
  evidence: z.array(z.string()),
  next: z.string(),
  trouble: z.string(),
});

/** The recovery point under way with the number of its objects that are done; once all points are, the last document. */
const Position = z.strictObject({
  source: z.string().optional(),
  point: z.string().optional(),
  objects: z.int().default(0),
  document: z.string().optional(),
});

export const Progress = z.strictObject({
  /** Day number of the last run that came to its end. */
  lastComplete: z.int().optional(),
  /** The run under way: its day, how far it came, and what was found so far. */
  run: z.strictObject({ day: z.int(), position: Position, counts: Counts, findings: z.array(Finding) }).optional(),
  /** What the last complete run found, until people were told. */
  toTell: Untold.optional(),
});
export type Progress = z.output<typeof Progress>;
export type Run = NonNullable<Progress['run']>;

const KEY = 'integrity/progress.json';

/** The progress, and what a write has to replace: undefined where nothing stands there yet. */
export interface Standing {
  progress: Progress;
  etag: string | undefined;
}

/** Where it cannot be understood it says nothing: then every share is due. */
export const readProgress = async (): Promise<Standing> => {
  try {
    const answer = await s3().send(new GetObjectCommand({ Bucket: settings().vaultBucket, Key: KEY }));
    const parsed = Progress.safeParse(parseJson(await answer.Body?.transformToString()));
    if (!parsed.success) logger.warn('progress not understood: everything is read again', { key: KEY });
    return { progress: parsed.data ?? {}, etag: answer.ETag };
  } catch (error) {
    if (error instanceof NoSuchKey) return { progress: {}, etag: undefined };
    throw error;
  }
};

/** False where another run wrote meanwhile: what it wrote stands. */
export const writeProgress = async (progress: Progress, { etag }: Standing): Promise<boolean> => {
  try {
    await writeArtifact(KEY, JSON.stringify(progress), { onlyNew: etag === undefined, replaces: etag });
    return true;
  } catch (error) {
    if (!lostTheRace(error)) throw error;
    logger.warn('another run of the check wrote its progress first', { key: KEY });
    return false;
  }
};

const parseJson = (text = ''): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

export const newRun = (day: number): Run => ({
  day,
  position: { objects: 0 },
  counts: { checked: 0, reread: 0, rereadBytes: 0, archived: 0 },
  findings: [],
});

/** One object more has to fit in what is kept back. */
const KEPT_BACK_MS = 30_000;

export const hasTime = (work: Work): boolean => work.remainingMs() >= KEPT_BACK_MS;
