import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { assertFree, readFlags } from '../../../local/console/flags.ts';

const read = (...args: string[]) => readFlags(args, '/project');

describe('flags', () => {
  it('have defaults', () => {
    expect(read()).toEqual({ port: 4566, scale: 0.05, directory: '/project/.lifeboat/local', help: false });
    expect(read('--port', '5566', '--scale=1', '--directory', '/elsewhere/', '--help')).toEqual({
      port: 5566,
      scale: 1,
      directory: '/elsewhere',
      help: true,
    });
  });

  it.each([
    [['--ports', '1'], "Unknown option '--ports'"],
    [['4566'], "Unexpected argument '4566'"],
    [['--port'], "Option '--port <value>' argument missing"],
    [['--port', 'http'], '--port http: expected a number from 0 to 65534.'],
    [['--port', '65535'], '--port 65535: expected a number from 0 to 65534.'],
    [['--scale', '0'], '--scale 0: expected a number above 0, at most 50.'],
    [['--scale', 'big'], '--scale big: expected'],
  ])('%j are refused', (args, message) => {
    expect(() => read(...args)).toThrow(
      expect.objectContaining({ name: 'UnusableFlag', message: expect.stringContaining(message) }),
    );
  });
});

describe('a port', () => {
  it('that is taken is named, with what to do; a free one stays free', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(assertFree(port)).rejects.toMatchObject({
      name: 'UnusableFlag',
      message: expect.stringMatching(new RegExp(`^Port ${port} is taken, .* --port \\d+$`)),
    });
    server.close();
    await once(server, 'close');
    await assertFree(port);
    await assertFree(port);
  });
});
