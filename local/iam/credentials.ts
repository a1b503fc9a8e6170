import { randomBytes, randomInt } from 'node:crypto';
import type { Caller, Credentials } from '../types.ts';

/** Which access key belongs to whom. Key ids cannot be guessed: they alone say who is calling. */
export const createCredentials = (operator: Caller) => {
  const callers = new Map<string, Caller>();
  const issue = (caller: Caller, prefix = 'ASIA'): Credentials => {
    const accessKeyId = prefix + Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join('');
    callers.set(accessKeyId, caller);
    return { accessKeyId, secretAccessKey: randomBytes(30).toString('base64') };
  };
  return {
    operator: issue(operator, 'AKIA'),
    issue,
    revoke: (accessKeyId: string): void => {
      callers.delete(accessKeyId);
    },
    callerOf: (accessKeyId: string): Caller | undefined => callers.get(accessKeyId),
  };
};

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
