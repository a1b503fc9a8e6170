// Certificates for engine servers: one authority per world, one server certificate for 127.0.0.1.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificates {
  /** PEM of the authority: what clients trust. */
  ca: string;
  certificate: string;
  key: string;
}

const openssl = (args: string[], cwd: string) => promisify(execFile)('openssl', args, { cwd });
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const cached = new WeakMap<object, Promise<Certificates>>();

/** The certificates of a region's world, with the authority in the region's directory, where its functions find it. */
export const certificatesIn = async (region: { directory: string; world: object }): Promise<Certificates> => {
  const certificates = await certificatesOf(region.world);
  await writeFile(join(region.directory, 'ca.pem'), certificates.ca);
  return certificates;
};

/** The certificates of a world, made on first use. */
export const certificatesOf = (world: object): Promise<Certificates> => {
  const known = cached.get(world);
  if (known) return known;
  const made = makeCertificates();
  cached.set(world, made);
  return made;
};

const makeCertificates = async (): Promise<Certificates> => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-ca-'));
  try {
    await chmod(folder, 0o700);
    await writeFile(
      join(folder, 'server.ext'),
      'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n',
    );
    const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-days', '3650', '-subj', '/CN=Lifeboat local engines'];
    await openssl(['req', '-x509', ...NEW_KEY, ...authority], folder);
    await openssl(['req', ...NEW_KEY, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1'], folder);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650', '-extfile', 'server.ext'];
    await openssl(['x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signer], folder);
    const read = (name: string) => readFile(join(folder, name), 'utf8');
    return { ca: await read('ca.pem'), certificate: await read('server.pem'), key: await read('server.key') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
