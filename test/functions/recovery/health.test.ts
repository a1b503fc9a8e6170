import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/check-health.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/check-health.ts';
import { measureEndpoint } from '../../../functions/recovery/endpoints.ts';
import { invoke } from '../../support/platform.ts';
import { type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let region: RecoveryRegion;
let server: Server | undefined;

beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
});
afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
});

const serve = async (answer: RequestListener): Promise<string> => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
};
const ask = (url: string, within = 2) => measureEndpoint({ name: 'orders', url, within }, new AbortController().signal);

describe('an endpoint', () => {
  it('is healthy when every request is answered in time, and is asked only a little', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.end('fine');
    });
    const measured = await ask(url);
    expect(measured).toMatchObject({ healthy: true, failed: 0 });
    expect(asked).toBe(measured.requests);
    expect(asked).toBeLessThan(30);
  });

  it('is not healthy when one answer in many is an error', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(asked === 7 ? 503 : 200).end();
    });
    expect(await ask(url)).toMatchObject({ healthy: false, failed: 1, trouble: 'answered 503' });
  });

  it('is not healthy when a redirect leads elsewhere', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end());
    expect(await ask(url)).toMatchObject({ healthy: false, trouble: 'answered 302' });
  });

  it('is not healthy when nobody answers', async () => {
    const url = await serve((_, response) => response.end());
    await new Promise((resolve) => server?.close(resolve));
    expect(await ask(url)).toMatchObject({ healthy: false, trouble: 'no answer' });
  });

  it('is given up when it lets one wait', async () => {
    const url = await serve(() => undefined);
    expect(await ask(url, 0.05)).toMatchObject({ healthy: false, trouble: 'no answer' });
  });
});

describe('the health phase', () => {
  it('looks again while an endpoint is not healthy, and names it', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('', { status: 502 }));
    expect(await invoke(handler, sample)).toMatchObject({
      done: false,
      found: expect.stringContaining('orders: 20 of 20'),
    });
    expect(region.record('health').endedAt).toBeUndefined();
  });

  it('is done when customers are served, with what was measured', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('fine'));
    expect(await invoke(handler, sample)).toMatchObject({ done: true });
    expect(region.record('health').facts.endpoints).toMatchObject([{ name: 'orders', healthy: true }]);
  });

  it('asks nobody in a rehearsal', async () => {
    await region.declared({ kind: 'drill' });
    const asked = vi.spyOn(globalThis, 'fetch');
    expect(await invoke(handler, sample)).toMatchObject({ done: true });
    expect(asked).not.toHaveBeenCalled();
  });
});
