import { ApiError } from '../../service.ts';

/** Both ends inclusive. */
export interface Range {
  start: number;
  end: number;
}

/** One range of bytes; what is not understood is ignored, as HTTP wants. @throws InvalidRange where it lies beyond the end. */
export const parseRange = (header: string | undefined, bytes: number): Range | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start >= bytes || (first === '' && Number(last) === 0))
    throw new ApiError('InvalidRange', 416, `The requested range is not satisfiable: ${header} of ${bytes} bytes`);
  return { start, end };
};
