// Records of an archived topic as JSON Lines, for people and auditors:
//   npm run archive:read -- --vault lifeboat-shop-prod-vault-111122223333-us-east-1 --region us-east-1 \
//     --point shop-events-20261120t030000z-scheduled-archive --topic orders --from-time 2026-11-20T00:00:00Z
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type ArchivedRecord, readArchive } from '../shared/kafka/reading.ts';

const USAGE = `usage: npm run archive:read -- --vault <bucket> --region <region> --point <recovery point> --topic <topic>
  [--partition <number>] [--from-offset <number>] [--to-offset <number>] [--from-time <ISO time>] [--to-time <ISO time>]
  [--undecided]  records of transactions that were aborted or not ended, too
  [--text]       keys, values and headers as UTF-8 in place of base64`;

const offset = z.coerce.number().int().nonnegative();
const time = z.iso.datetime().transform((text) => Date.parse(text));
const Options = z.strictObject({
  vault: z.string().min(3),
  region: z.string().min(1),
  point: z.string().min(1),
  topic: z.string().min(1),
  partition: offset.optional(),
  'from-offset': offset.optional(),
  'to-offset': offset.optional(),
  'from-time': time.optional(),
  'to-time': time.optional(),
  undecided: z.boolean().default(false),
  text: z.boolean().default(false),
});

const options = (): z.output<typeof Options> => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const names = Object.keys(Options.shape).map((name) => [name, ['undecided', 'text'].includes(name) ? flag : text]);
  const { values } = parseArgs({ options: Object.fromEntries(names) });
  return Options.parse({ ...values });
};

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const line = (record: ArchivedRecord, text: boolean): string => {
  const shown = (bytes: Buffer | null): string | null => bytes?.toString(text ? 'utf8' : 'base64') ?? null;
  const { key, value, headers, timestamp, codec: _, ...rest } = record;
  return JSON.stringify({
    ...{ ...rest, ...timeOf(timestamp) },
    ...{
      key: shown(key),
      value: shown(value),
      headers: headers.map(([name, of]) => [
        typeof name === 'string' ? name : { base64: name.toString('base64') },
        shown(of),
      ]),
    },
  });
};

/** Producers may say any time: not all of them have a date. */
const timeOf = (milliseconds: number | bigint): object => {
  const date = new Date(Number(milliseconds));
  return {
    milliseconds: typeof milliseconds === 'bigint' ? `${milliseconds}` : milliseconds,
    time: Number.isNaN(date.getTime()) ? null : date.toISOString(),
  };
};

const read = async (): Promise<void> => {
  const { vault, region, point, topic, partition, undecided, text, ...range } = options();
  const limits = (from: number | undefined, to: number | undefined) => ({
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  const records = readArchive({ bucket: vault, region }, point, {
    ...{ topic, undecided, ...(partition === undefined ? {} : { partition }) },
    offsets: limits(range['from-offset'], range['to-offset']),
    times: limits(range['from-time'], range['to-time']),
  });
  for await (const record of records)
    if (!process.stdout.write(`${line(record, text)}\n`))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
};

await read().catch((error: unknown) => {
  if (error instanceof z.ZodError) fail(`${z.prettifyError(error)}\n${USAGE}`);
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    fail(`${error.message}\n${USAGE}`);
  fail(error instanceof Error ? error.message : String(error));
});
