// Functions log to standard output, as Lambda wants it. In a test run those lines would bury the report: they are dropped
// here, before a test that wants to read them puts its own listener in place.
const write = process.stdout.write.bind(process.stdout);
const isTelemetry = (chunk: unknown): boolean => typeof chunk === 'string' && /^\s*\{"(level|_aws)"/.test(chunk);

process.stdout.write = ((chunk: string, ...rest: never[]) =>
  isTelemetry(chunk) || write(chunk, ...rest)) as typeof process.stdout.write;
const writeError = process.stderr.write.bind(process.stderr);
process.stderr.write = ((chunk: string, ...rest: never[]) =>
  isTelemetry(chunk) || writeError(chunk, ...rest)) as typeof process.stderr.write;
