import { type Visit, viewOf } from '../execution/frame.ts';
import type { ItemBatcher, ItemReader, Json, JsonObject, MapState } from '../language/definition.ts';
import { queryError, StateError } from '../language/errors.ts';
import { evaluate, evaluateArray, evaluateInteger, evaluateObject } from '../language/expressions.ts';
import { contentOf } from '../tasks/payload.ts';

/** The items a Map is to process, before ItemSelector. */
export const itemsOf = async (visit: Visit, state: MapState): Promise<Json[]> => {
  if (state.ItemReader) return await read(visit, state.ItemReader);
  if (state.Items !== undefined) return await evaluateArray(state.Items, viewOf(visit), 'Items');
  if (Array.isArray(visit.input)) return visit.input;
  throw queryError(`State '${visit.name}': there is no field 'Items', and the input is not an array.`);
};

const read = async (visit: Visit, reader: ItemReader): Promise<Json[]> => {
  const view = viewOf(visit);
  const args = await evaluateObject(reader.Arguments, view, 'ItemReader/Arguments');
  const { MaxItems, InputType } = reader.ReaderConfig ?? {};
  const limit = MaxItems === undefined ? Infinity : await evaluateInteger(MaxItems, view, 'ItemReader/MaxItems');
  try {
    const items = reader.Resource.endsWith('listObjectsV2')
      ? await listObjects(visit, args, limit)
      : parse(await getObject(visit, args), InputType);
    return items.slice(0, limit);
  } catch (error) {
    throw new StateError('States.ItemReaderFailed', `${reader.Resource}: ${(error as Error).message}`);
  }
};

interface Page {
  Contents?: { Key: string; ETag?: string; Size?: number; LastModified?: Date; StorageClass?: string }[];
  NextContinuationToken?: string;
}

const listObjects = async (visit: Visit, args: JsonObject, limit: number): Promise<Json[]> => {
  const { region, caller } = visit.frame.run;
  const items: Json[] = [];
  for (let next: object | undefined = {}; next && items.length < limit; ) {
    const page: Page = await region.call<Page & Record<string, unknown>>(
      's3',
      'ListObjectsV2',
      { ...args, ...next },
      caller(),
    );
    for (const { Key, ETag = '', Size = 0, LastModified, StorageClass = 'STANDARD' } of page.Contents ?? []) {
      items.push({ Etag: ETag, Key, LastModified: Math.floor(Number(LastModified) / 1000), Size, StorageClass });
    }
    next = page.NextContinuationToken ? { ContinuationToken: page.NextContinuationToken } : undefined;
  }
  return items;
};

const getObject = async (visit: Visit, args: JsonObject): Promise<string> => {
  const { region, caller } = visit.frame.run;
  const { Body } = await region.call<{ Body?: unknown }>('s3', 'GetObject', args, caller());
  return await contentOf(Body);
};

const parse = (text: string, type: 'JSON' | 'JSONL' | undefined): Json[] => {
  if (type === 'JSONL') {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line));
  }
  const items: Json = JSON.parse(text);
  if (Array.isArray(items)) return items;
  throw new Error('the object does not hold a JSON array');
};

/** Groups items into inputs of child executions: `{ BatchInput, Items }`. */
export const batched = async (visit: Visit, batcher: ItemBatcher, items: Json[]): Promise<JsonObject[]> => {
  const view = viewOf(visit);
  const number = async (value: number | string | undefined, field: string) =>
    value === undefined ? Infinity : await evaluateInteger(value, view, `ItemBatcher/${field}`);
  const most = await number(batcher.MaxItemsPerBatch, 'MaxItemsPerBatch');
  const bytes = await number(batcher.MaxInputBytesPerBatch, 'MaxInputBytesPerBatch');
  const shared: JsonObject =
    batcher.BatchInput === undefined
      ? {}
      : { BatchInput: await evaluate(batcher.BatchInput, view, 'ItemBatcher/BatchInput') };
  const batches: JsonObject[] = [];
  let batch: Json[] = [];
  let size = 0;
  for (const item of items) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (batch.length > 0 && (batch.length >= most || size + itemBytes > bytes)) {
      batches.push({ ...shared, Items: batch });
      batch = [];
      size = 0;
    }
    batch.push(item);
    size += itemBytes;
  }
  return batch.length > 0 ? [...batches, { ...shared, Items: batch }] : batches;
};
