// A container of tests: answers with its greeting and name, or fails as its environment says.
import { createServer } from 'node:http';

const { CRASH, SICK, GREETING = 'hello', POD_NAME, POD_IP, PORT = '8080', STUBBORN } = process.env;
if (CRASH) {
  process.stderr.write(`cannot start: ${CRASH}\n`);
  process.exit(3);
}
const server = createServer((request, response) => {
  if (request.url === '/exit') process.exit(5);
  response.statusCode = SICK && request.url === '/health' ? 503 : 200;
  response.end(`${GREETING} from ${POD_NAME}`);
});
server.listen(Number(PORT), POD_IP, () => process.stdout.write('listening\n'));
/** What a balancer hands over before it hears that this one ends is answered, too, as by a preStop hook that sleeps. */
const LINGER_MS = 300;
process.on('SIGTERM', () => {
  if (!STUBBORN) setTimeout(() => server.close(), LINGER_MS);
});
