import type { Reader } from './reader.ts';
import { readLength, readLength64, readString } from './strings.ts';

const OPCODE = { end: 0, sint: 1, uint: 2, float: 3, double: 4, string: 5 } as const;

/** What a module wrote: numbers and strings, each with its opcode, up to an end mark. Only the module knows what they mean. */
export const skipModuleValue = async (reader: Reader): Promise<void> => {
  for (;;) {
    const opcode = await readLength(reader);
    switch (opcode) {
      case OPCODE.end:
        return;
      case OPCODE.sint:
      case OPCODE.uint:
        await readLength64(reader);
        break;
      case OPCODE.float:
        await reader.need(4);
        reader.take(4);
        break;
      case OPCODE.double:
        await reader.need(8);
        reader.take(8);
        break;
      case OPCODE.string:
        await readString(reader, () => undefined);
        break;
      default:
        throw reader.damaged("an opcode of a module's value", String(opcode));
    }
  }
};
