// An RDB file read from end to end: every opcode, every value, its checksum, and nothing after it. What is counted is what
// an engine would load (redis/src/rdb.c, rdbLoadRioWithLoadingCtx, 2026-11).
import { RdbNotUnderstood } from './errors.ts';
import { skipModuleValue } from './modules.ts';
import { Reader } from './reader.ts';
import { readLength, readLength64, readString, readWhole } from './strings.ts';
import { readValue, type Value } from './values.ts';

/** Redis 1.0 to 7.4; 7.0 writes 10, 7.2 and Valkey 7.2 to 8.1 write 11. */
export const RDB_VERSIONS = { oldest: 1, newest: 12 } as const;

const OPCODE = {
  slotInfo: 244,
  function2: 245,
  moduleAux: 247,
  idle: 248,
  freq: 249,
  aux: 250,
  resizeDb: 251,
  expireTimeMs: 252,
  expireTime: 253,
  selectDb: 254,
  end: 255,
} as const;
const FIRST_WITH_CHECKSUM = 5;
/** How a module's own data says when it is to be loaded. */
const MODULE_UINT = 2;

/** One key as it stands in the file. */
export interface RdbKey extends Value {
  db: number;
  key: Buffer;
  /** Milliseconds since 1970; undefined for a key that does not expire. */
  expiresAt: number | undefined;
}

export interface RdbFile {
  version: number;
  bytes: number;
  /** `verified`, or `disabled` where the engine wrote none: its setting rdbchecksum is off. */
  checksum: 'verified' | 'disabled';
  /** What the engine wrote about itself: redis-ver, ctime, used-mem and the like. */
  aux: Record<string, string>;
  functions: number;
}

/**
 * Reads the whole stream and hands on each key, in the order of the file. Memory is bounded whatever the file says of itself.
 * @param source who is named in errors
 * @throws {RdbDamaged} when it is not what an engine writes: truncated, altered, or followed by anything.
 * @throws {RdbNotUnderstood} when a newer engine wrote it.
 */
export const readRdb = async (
  chunks: AsyncIterable<Uint8Array>,
  source: string,
  onKey: (key: RdbKey) => void,
): Promise<RdbFile> => {
  const reader = new Reader(chunks, source);
  try {
    const version = await readHeader(reader);
    const file = await readBody(reader, onKey);
    const checksum = version < FIRST_WITH_CHECKSUM ? 'disabled' : await readTrailer(reader);
    if (!(await reader.isAtEnd())) throw reader.damaged('the end of the file', 'more bytes');
    return { version, bytes: reader.offset, checksum, ...file };
  } finally {
    await reader.close();
  }
};

const readHeader = async (reader: Reader): Promise<number> => {
  await reader.need(9);
  const header = reader.take(9).toString('latin1');
  if (/^VALKEY\d{3}$/.test(header)) throw notUnderstood(reader, `RDB version ${header.slice(6)} of Valkey`);
  const version = /^REDIS(\d{4})$/.exec(header)?.[1];
  if (version === undefined)
    throw reader.damaged('an RDB file, which begins with REDIS and four digits', 'other bytes');
  if (Number(version) > RDB_VERSIONS.newest) throw notUnderstood(reader, `RDB version ${Number(version)}`);
  if (Number(version) < RDB_VERSIONS.oldest) throw reader.damaged('an RDB version', version);
  return Number(version);
};

const notUnderstood = (reader: Reader, found: string): RdbNotUnderstood =>
  new RdbNotUnderstood('the file was written by an engine that is newer than this service.', {
    source: reader.source,
    expected: `RDB version ${RDB_VERSIONS.oldest} to ${RDB_VERSIONS.newest}`,
    found,
    next: 'Upgrade this service. The archive is kept as it is; whether it is whole cannot be said until then.',
  });

const readBody = async (reader: Reader, onKey: (key: RdbKey) => void) => {
  const aux: Record<string, string> = {};
  let functions = 0;
  let db = 0;
  let expiresAt: number | undefined;
  for (;;) {
    if (reader.available < 1) await reader.need(1);
    const code = reader.byte();
    switch (code) {
      case OPCODE.end:
        if (expiresAt !== undefined) throw reader.damaged('a key after its time', 'the end of the file');
        return { aux, functions };
      case OPCODE.expireTimeMs:
        await reader.need(8);
        expiresAt = Number(reader.take(8).readBigInt64LE());
        break;
      case OPCODE.expireTime:
        await reader.need(4);
        expiresAt = reader.take(4).readInt32LE() * 1000;
        break;
      case OPCODE.freq:
        await reader.need(1);
        reader.byte();
        break;
      case OPCODE.idle:
        await readLength64(reader);
        break;
      case OPCODE.selectDb:
        db = await readLength(reader);
        break;
      case OPCODE.resizeDb:
        await readLength(reader);
        await readLength(reader);
        break;
      case OPCODE.slotInfo:
        for (let i = 0; i < 3; i++) await readLength(reader);
        break;
      case OPCODE.aux:
        await readAux(reader, aux);
        break;
      case OPCODE.moduleAux:
        await readModuleAux(reader);
        break;
      case OPCODE.function2:
        await readString(reader, () => undefined);
        functions += 1;
        break;
      default:
        onKey({ db, key: await readWhole(reader), expiresAt, ...(await readValue(reader, code)) });
        expiresAt = undefined;
    }
  }
};

/** What is kept of what the engine says about itself; it says less than a kilobyte. */
const AUX_FIELDS = 64;
const AUX_LENGTH = 200;

const readAux = async (reader: Reader, aux: Record<string, string>): Promise<void> => {
  const [name, value] = [await readWhole(reader), await readWhole(reader)];
  if (Object.keys(aux).length >= AUX_FIELDS || name.length > AUX_LENGTH || value.length > AUX_LENGTH) return;
  aux[name.toString('latin1')] = value.toString('latin1');
};

const readModuleAux = async (reader: Reader): Promise<void> => {
  await readLength64(reader);
  const opcode = await readLength(reader);
  if (opcode !== MODULE_UINT) throw reader.damaged("the time of a module's data", `the opcode ${opcode}`);
  await readLength(reader);
  await skipModuleValue(reader);
};

const readTrailer = async (reader: Reader): Promise<RdbFile['checksum']> => {
  const computed = reader.checksum();
  await reader.need(8);
  const written = Buffer.from(reader.take(8));
  if (written.equals(Buffer.alloc(8))) return 'disabled';
  if (written.equals(computed)) return 'verified';
  throw reader.damaged(`the checksum ${written.toString('hex')}`, `${computed.toString('hex')} of what was read`);
};
