const compiled = new Map<string, RegExp>();

/** IAM's wildcards: `*` is any run of characters, also across colons and slashes, `?` is exactly one. */
export const matchesPattern = (pattern: string, text: string, options: { ignoreCase?: boolean } = {}): boolean => {
  const flags = options.ignoreCase ? 'is' : 's';
  const key = `${flags} ${pattern}`;
  let expression = compiled.get(key);
  if (!expression) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    expression = new RegExp(`^${source}$`, flags);
    compiled.set(key, expression);
  }
  return expression.test(text);
};

/** ArnLike and ArnEquals: each of the six parts for itself, so that a wildcard never reaches over a colon before the last part. */
export const matchesArn = (pattern: string, arn: string): boolean => {
  const wanted = partsOf(pattern);
  const found = partsOf(arn);
  return wanted.length === found.length && wanted.every((part, index) => matchesPattern(part, found[index] ?? ''));
};

const partsOf = (arn: string): string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
};
