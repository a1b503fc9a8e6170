// What runs inside a function's process: loads the handler and runs one invocation after the other, as the Node.js
// runtime of Lambda does. Plain Node, told over IPC; of the project only how names are resolved.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveThrough } from '../route53/lookups.ts';
import type { FromProcess, Invocation } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

/** Region time: the machine's plus an offset that each invocation brings. */
let offset = 0;
let current: Invocation | undefined;

const shiftDate = (): void => {
  const Machine = Date;
  const now = (): number => Machine.now() + offset;
  const Shifted = new Proxy(Machine, {
    construct: (target, parts, newTarget) => Reflect.construct(target, parts.length > 0 ? parts : [now()], newTarget),
    apply: () => new Machine(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  Machine.prototype.constructor = Shifted;
  globalThis.Date = Shifted;
};

const fault = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** Shaped as the runtime interface client shapes it: `errorType` is the error's `name`, which state machines match on. */
const describe = (error: unknown): string =>
  error instanceof Error
    ? JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] })
    : JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });

const stdout = process.stdout.write.bind(process.stdout);
const stderr = process.stderr.write.bind(process.stderr);

/** Ends an invocation. The marker follows all that was printed before it, so that the log is whole when the answer is given. */
const reply = (body: { payload: string; failed: boolean }, then?: () => void): void => {
  const requestId = current?.requestId ?? '';
  current = undefined;
  process.channel?.ref();
  stdout(`END RequestId: ${requestId}\n`);
  stderr(`END RequestId: ${requestId}\n`);
  const message: FromProcess = { kind: 'done', requestId, peakKilobytes: process.resourceUsage().maxRSS, ...body };
  process.send?.(message, undefined, undefined, then);
};

const loadHandler = async (root: string, name: string): Promise<Handler> => {
  const [, file, member] = /^(.*?)\.([^./]+)$/.exec(name) ?? [];
  if (!file || !member)
    throw fault('Runtime.MalformedHandlerName', `Bad handler: '${name}'. Expected path/to/file.export.`);
  const base = path.join(root, file);
  const found = ['.js', '.cjs', '.mjs'].map((ending) => base + ending).find((candidate) => existsSync(candidate));
  if (!found) throw fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.basename(file)}'`);
  const module = found.endsWith('.mjs') ? await import(pathToFileURL(found).href) : createRequire(found)(found);
  const handler: unknown = module[member];
  if (typeof handler !== 'function') throw fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (handler.length > 2) {
    throw fault(
      'Runtime.CallbackHandlerDeprecated',
      `${name} takes a callback, which Node.js 24 on Lambda no longer offers.`,
    );
  }
  return handler as Handler;
};

const contextOf = ({ requestId, functionArn, deadline }: Invocation): object => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: functionArn,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  awsRequestId: requestId,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
});

const run = async (handler: Handler, invocation: Invocation): Promise<void> => {
  current = invocation;
  offset = invocation.offset;
  // From here the process lives only for the work it does: a promise nobody settles ends it, as on Lambda.
  process.channel?.unref();
  try {
    const result = await handler(JSON.parse(invocation.payload), contextOf(invocation));
    reply({ payload: JSON.stringify(result === undefined ? null : result), failed: false });
  } catch (error) {
    stderr(`${new Date().toISOString()}\t${invocation.requestId}\tERROR\tInvoke Error \t${describe(error)}\n`);
    reply({ payload: describe(error), failed: true });
  }
};

const die = (error: Error, status: number): void => {
  stderr(`${describe(error)}\n`);
  reply({ payload: describe(error), failed: true }, () => process.exit(status));
};

process.on('uncaughtException', (error) => die(error, 129));
process.on('unhandledRejection', (reason) =>
  die(
    fault(
      'Runtime.UnhandledPromiseRejection',
      reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason),
    ),
    128,
  ),
);
process.on('beforeExit', () => {
  if (!current) return;
  die(
    fault(
      'Runtime.NodeJsExit',
      'The process had nothing left to do, and the promise of the handler was never settled.',
    ),
    1,
  );
});
process.on('disconnect', () => process.exit(0));

shiftDate();
const { LOCAL_NAME_SERVER: nameServer } = process.env;
delete process.env.LOCAL_NAME_SERVER;
if (nameServer) resolveThrough(nameServer);
const loaded = loadHandler(process.env.LAMBDA_TASK_ROOT ?? '', process.env._HANDLER ?? '').then(
  (handler) => ({ handler }),
  (error: unknown) => ({ error }),
);
process.on('message', async (invocation: Invocation) => {
  const result = await loaded;
  if ('handler' in result) return run(result.handler, invocation);
  current = invocation;
  stderr(`${describe(result.error)}\n`);
  reply({ payload: describe(result.error), failed: true }, () => process.exit(1));
});
await loaded;
process.send?.({ kind: 'ready' } satisfies FromProcess);
