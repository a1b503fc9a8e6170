// What a container is started with. A variable that is missing ends the program with its name: it would only fail later.
export interface Login {
  host: string;
  port: number;
  password: string | undefined;
  /** PEM of the authority to trust. */
  authority: string | undefined;
}

const required = (name: string): string => {
  const value = process.env[name];
  if (value) return value;
  process.stderr.write(`${name} is not set: look at the config map and the secret of this workload.\n`);
  process.exit(1);
};

export const listenAddress = (): { port: number; host: string } => ({
  port: Number(required('PORT')),
  host: required('POD_IP'),
});

export const databaseLogin = (): Login & { database: string; user: string } => ({
  host: required('DATABASE_HOST'),
  port: Number(required('DATABASE_PORT')),
  database: required('DATABASE_NAME'),
  user: required('DATABASE_USER'),
  password: required('DATABASE_PASSWORD'),
  authority: process.env.DATABASE_AUTHORITY,
});

/** Brokers to begin with; none where the shop tells nobody of its orders. */
export const eventBrokers = (): string[] => process.env.KAFKA_BOOTSTRAP?.split(',') ?? [];

/** Undefined where the shop runs without a cache. */
export const cacheLogin = (): Login | undefined =>
  process.env.CACHE_HOST
    ? {
        host: process.env.CACHE_HOST,
        port: Number(required('CACHE_PORT')),
        password: process.env.CACHE_PASSWORD || undefined,
        authority: process.env.CACHE_AUTHORITY || undefined,
      }
    : undefined;
