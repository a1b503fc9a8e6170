// Which settings of a connector hold a secret that stands there in the clear: no archive has them.

/** Beyond what a plugin declares: settings with a prefix (`source.cluster.sasl.jaas.config`) and those of converters are not declared. */
const SECRET_NAME =
  /password|passwd|passphrase|secret|token|credential|jaas|private[._-]?key|keystore[._-]?key|keystore\.certificate|api[._-]?key|access[._-]?key|user\.info|account[._-]?key|connection[._-]?string/i;
/** `https://user:password@host`, `jdbc:…?password=…`. */
const SECRET_VALUE = /:\/\/[^/\s:@]+:[^/\s@]+@|[?&;](password|pwd|secret|token|sig)=[^&;\s]/i;
/** A config provider's: `${file:/etc/shop.properties:password}`. The secret is where it says. */
const REFERENCE = /\$\{[^{}]+:[^{}]+\}/g;
/** `password="…"` of a login module, and the like. */
const OPTION = /\b([\w.]+)\s*=\s*("[^"]*"|'[^']*'|[^\s;]+)/g;

export interface Masked {
  config: Record<string, string>;
  /** Names of what is left out of `config`, in order. */
  masked: string[];
}

/** @param declared settings that the plugin declares as passwords */
export const mask = (config: Readonly<Record<string, string>>, declared: ReadonlySet<string>): Masked => {
  const masked = Object.keys(config)
    .filter((name) => isSecret(name, config[name] ?? '', declared))
    .toSorted();
  return { config: Object.fromEntries(Object.entries(config).filter(([name]) => !masked.includes(name))), masked };
};

const isSecret = (name: string, value: string, declared: ReadonlySet<string>): boolean => {
  if (value === '') return false;
  const bare = value.replace(REFERENCE, '').trim();
  if (bare === '') return false;
  if (SECRET_VALUE.test(bare)) return true;
  // A setting that ends in a declared one is that one, for a client of the connector.
  const isDeclared = declared.has(name) || [...declared].some((each) => name.endsWith(`.${each}`));
  if (!isDeclared && !SECRET_NAME.test(name)) return false;
  return !isLoginByReferences(name, value);
};

/** A login module whose every secret option is a reference, and which says nothing else that is one. */
const isLoginByReferences = (name: string, value: string): boolean => {
  if (!name.endsWith('sasl.jaas.config')) return false;
  const options = [...value.matchAll(OPTION)];
  return (
    options.length > 0 &&
    options.every(([, option = '', text = '']) => {
      const bare = text.replaceAll(/["']/g, '').replace(REFERENCE, '').trim();
      return bare === '' || option === 'username' || option === 'serviceName';
    })
  );
};
