// How a process resolves names: those of the world through its name server, all others as the machine does. Answers are
// kept for their time to live, as the resolver of a VPC keeps them. Plain Node; nothing of the project is imported.
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

type Callback = (error: NodeJS.ErrnoException | null, address?: string | LookupAddress[], family?: number) => void;
type Lookup = (hostname: string, options: LookupOptions | number | Callback, callback?: Callback) => void;

interface Known {
  addresses: LookupAddress[];
  until: number;
}

/** As the machine's own look-up fails. */
const notFound = (hostname: string): Error =>
  Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    ...{ errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname },
  });

/** Puts the world's name server before the machine's for everything in this process that looks names up. */
export const resolveThrough = (server: string): void => {
  const resolver = new dns.promises.Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([server]);
  const known = new Map<string, Known>();
  const machine = dns.lookup as unknown as Lookup;
  const machinePromise = dns.promises.lookup;

  /** Undefined where the world does not know the name. @throws where it knows that there is no such name. */
  const ask = async (hostname: string): Promise<LookupAddress[] | undefined> => {
    const standing = known.get(hostname);
    if (standing && standing.until > Date.now()) return standing.addresses;
    try {
      const found = await resolver.resolve4(hostname, { ttl: true });
      // A name that leads to one without addresses. Of no answer there is no time to live: it is not kept.
      if (found.length === 0) throw notFound(hostname);
      const addresses = found.map(({ address }) => ({ address, family: 4 }));
      known.set(hostname, { addresses, until: Date.now() + Math.min(...found.map(({ ttl }) => ttl)) * 1000 });
      return addresses;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === dns.REFUSED) return undefined;
      if (code !== dns.NOTFOUND && code !== dns.NODATA) throw error;
      throw notFound(hostname);
    }
  };
  const mayBeOurs = (hostname: string): boolean => hostname.includes('.') && isIP(hostname) === 0;
  /** All names of the world lead to IPv4 addresses. */
  const fits = ({ family = 0 }: LookupOptions): boolean => family !== 6 && family !== 'IPv6';

  const lookup: Lookup = (hostname, options, callback) => {
    const done = (typeof options === 'function' ? options : callback) as Callback;
    const wanted: LookupOptions =
      typeof options === 'number' ? { family: options } : typeof options === 'object' ? options : {};
    if (!mayBeOurs(hostname) || !fits(wanted)) return machine(hostname, options, callback);
    ask(hostname).then(
      (addresses) => {
        const [first] = addresses ?? [];
        if (!addresses || !first) return machine(hostname, options, callback);
        return wanted.all ? done(null, addresses) : done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error),
    );
  };
  const lookupPromise = async (hostname: string, options: LookupOptions | number = {}): Promise<unknown> => {
    const wanted = typeof options === 'number' ? { family: options } : options;
    const addresses = mayBeOurs(hostname) && fits(wanted) ? await ask(hostname) : undefined;
    if (!addresses) return machinePromise(hostname, wanted);
    return wanted.all ? addresses : addresses[0];
  };
  dns.lookup = lookup as unknown as typeof dns.lookup;
  dns.promises.lookup = lookupPromise as typeof dns.promises.lookup;
  syncBuiltinESMExports();
};
