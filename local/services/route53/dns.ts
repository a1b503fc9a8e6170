// Route 53 of a world: one for all regions. Its control plane is in us-east-1; name servers and health checkers are
// everywhere, and go on when a region does not (whitepaper "AWS Fault Isolation Boundaries", appendix B, 2026-11).
import type { Dns, World } from '../../types.ts';
import { type Answer, answer } from './answers.ts';
import { createHealthChecks, type HealthChecks } from './health-checks.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { normalName } from './names.ts';
import { createZones, type Zones } from './zones.ts';

export interface WorldDns extends Dns {
  zones: Zones;
  checks: HealthChecks;
  answer(name: string, type: string): Answer;
  listen(): Promise<void>;
  close(): Promise<void>;
}

export const createDns = (world: World): WorldDns => {
  const zones = createZones(world.clock);
  const checks = createHealthChecks(world);
  const names = new Map<string, () => string[]>();
  let server: NameServer | undefined;

  // Records may outlive their check on the name servers for a moment; one without a check is healthy.
  const isHealthy = (id: string): boolean => !checks.has(id) || checks.isHealthy(id);
  const registered = (name: string): string[] | undefined => names.get(name)?.();
  const ask = (name: string, type: string): Answer => answer({ zones, isHealthy, registered }, name, type);
  return {
    ...{ zones, checks, answer: ask },
    get address() {
      return server?.address ?? '';
    },
    register: (hostName, addresses) => {
      const name = normalName(hostName);
      names.set(name, addresses);
      return () => {
        if (names.get(name) === addresses) names.delete(name);
      };
    },
    host: zones.host,
    resolve: (name) => ask(name, 'A').answers.flatMap(({ type, value }) => (type === 'A' ? value : [])),
    listen: async () => {
      server ??= await startNameServer(ask);
    },
    close: async () => {
      checks.close();
      await server?.close();
    },
  };
};
