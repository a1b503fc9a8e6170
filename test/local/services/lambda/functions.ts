import { strToU8, zipSync } from 'fflate';
import type { TestWorld } from './regions.ts';

export const zip = (files: Record<string, string>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));

/** Creates a function whose module is `body`; its handler is `exports.handler`. */
export const createFunction = async (
  world: TestWorld,
  name: string,
  body: string,
  settings: object = {},
): Promise<string> => {
  const Role = world.role(`${name}-role`, 'lambda.amazonaws.com', []);
  const { FunctionArn } = await world.call<{ FunctionArn: string }>('lambda', 'CreateFunction', {
    ...{ FunctionName: name, Role, Runtime: 'nodejs24.x', Handler: 'functions/rds/snapshot.handler', Timeout: 5 },
    Code: { ZipFile: zip({ 'functions/rds/snapshot.cjs': body }) },
    ...settings,
  });
  return FunctionArn;
};

/** Keeps the events it got, so that a test can ask for them; fails while told to. */
export const RECORDER = `
exports.handler = async (event) => { console.log('got ' + JSON.stringify(event)); if (event.fail) throw new Error('told to fail'); return event; };
`;

export interface Answer {
  FunctionError?: string;
  StatusCode: number;
  Payload: Uint8Array;
}

export const invoke = async (
  world: TestWorld,
  name: string,
  payload: unknown = {},
): Promise<{ error: string | undefined; value: unknown }> => {
  const Payload = Buffer.from(JSON.stringify(payload));
  const answer = await world.call<Answer>('lambda', 'Invoke', { FunctionName: name, Payload });
  return { error: answer.FunctionError, value: JSON.parse(Buffer.from(answer.Payload).toString()) };
};
