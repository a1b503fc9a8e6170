// Names of topics and groups as a configuration chooses them; `*` stands for any letters.

interface Chosen {
  include: readonly string[];
  exclude: readonly string[];
}

/** As a regular expression that has to match the whole name, of Java or JavaScript. */
export const asExpression = (pattern: string): string => pattern.replaceAll('.', '\\.').replaceAll('*', '.*');

/** Whether a name is among those that are asked for. */
export const wants = ({ include, exclude }: Chosen) => {
  const matcher = (patterns: readonly string[]): RegExp[] =>
    patterns.map((pattern) => new RegExp(`^${asExpression(pattern)}$`));
  const [wanted, unwanted] = [matcher(include), matcher(exclude)];
  return (name: string): boolean => wanted.some((each) => each.test(name)) && !unwanted.some((each) => each.test(name));
};
