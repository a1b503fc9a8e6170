// Readiness: an HTTP GET again and again. Until a container was ready once it is asked every 100 ms, where the kubelet would
// let a whole period pass; after that, every period.
import { get } from 'node:http';
import type { Container, Probe } from '../api/objects.ts';

const EAGER_MS = 100;

export interface ProbeTarget {
  address: string;
  container: Container;
}

export interface ProbeListener {
  /** It answers, well or not: it has started. */
  answered(): void;
  ready(is: boolean): void;
  /** Told once a period at most, and when the reason changes. */
  failed(message: string): void;
}

/** Probes until it is stopped. A container without a probe is ready at once. */
export const startProbing = (
  { address, container }: ProbeTarget,
  { answered, ready, failed }: ProbeListener,
): (() => void) => {
  const { readinessProbe: probe } = container;
  if (!probe) {
    answered();
    ready(true);
    return () => undefined;
  }
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let wasReady = false;
  let successes = 0;
  let failures = 0;
  let told = { message: '', at: 0 };

  const note = (message: string | undefined): void => {
    if (message === undefined) {
      failures = 0;
      successes += 1;
      if (successes === probe.successThreshold) ready(true);
      wasReady ||= successes >= probe.successThreshold;
      return;
    }
    successes = 0;
    failures += 1;
    if (failures === probe.failureThreshold) ready(false);
    if (message === told.message && performance.now() - told.at < probe.periodSeconds * 1000) return;
    told = { message, at: performance.now() };
    failed(`Readiness probe failed: ${message}`);
  };
  const look = async (): Promise<void> => {
    const { status, message } = await ask(probe, address, portOf(probe, container));
    if (stopped) return;
    note(message);
    if (status !== undefined) answered();
    timer = setTimeout(look, wasReady ? probe.periodSeconds * 1000 : EAGER_MS);
    timer.unref();
  };
  timer = setTimeout(look, (probe.initialDelaySeconds ?? 0) * 1000);
  timer.unref();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};

const portOf = ({ httpGet }: Probe, { ports = [] }: Container): number =>
  typeof httpGet?.port === 'number'
    ? httpGet.port
    : (ports.find(({ name }) => name === httpGet?.port)?.containerPort ?? 0);

/** No status where nothing answered, no message where the answer was one of success: 200 to 399. */
const ask = (probe: Probe, address: string, port: number): Promise<{ status?: number; message?: string }> =>
  new Promise((resolve) => {
    const path = probe.httpGet?.path ?? '/';
    const timeout = probe.timeoutSeconds * 1000;
    const where = `http://${address}:${port}${path}`;
    const request = get({ host: address, port, path, agent: false, timeout }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 400) resolve({ status });
      else resolve({ status, message: `HTTP probe failed with statuscode: ${status}` });
    });
    request.on('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({
        message: `Get "${where}": ${error.code === 'ECONNREFUSED' ? `dial tcp ${address}:${port}: connect: connection refused` : error.message}`,
      }),
    );
  });
