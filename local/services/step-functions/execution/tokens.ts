// The task tokens of a region: who waits for which, and which have been answered.

import { randomBytes } from 'node:crypto';
import { InvalidToken, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { Json } from '../language/definition.ts';
import type { StateError } from '../language/errors.ts';

interface TokenHolder {
  succeed(output: Json): void;
  fail(error: StateError): void;
}

export interface Tokens {
  mint(machineArn: string): string;
  open(token: string, holder: TokenHolder): void;
  close(token: string): void;
  /** @throws {InvalidToken} never minted. @throws {TaskTimedOut} nobody waits for it any more. */
  holder(token: string): TokenHolder;
  /** Whose token it is; for permissions. */
  machineOf(token: string): string | undefined;
}

export const createTokens = (): Tokens => {
  const holders = new Map<string, TokenHolder | undefined>();
  const machines = new Map<string, string>();
  return {
    machineOf: (token) => machines.get(token),
    mint(machineArn) {
      const token = randomBytes(192).toString('base64');
      machines.set(token, machineArn);
      holders.set(token, undefined);
      return token;
    },
    open: (token, holder) => void holders.set(token, holder),
    close: (token) => void holders.set(token, undefined),
    holder(token) {
      if (!holders.has(token)) throw new InvalidToken({ message: 'Invalid token', $metadata: {} });
      const holder = holders.get(token);
      if (holder) return holder;
      const message = 'Task Timed Out: the task of this token was answered, timed out, or its execution has ended.';
      throw new TaskTimedOut({ message, $metadata: {} });
    },
  };
};
