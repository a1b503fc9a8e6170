import { readFileSync } from 'node:fs';
import path from 'node:path';
import yaml from 'js-yaml';

const ROOT = path.resolve(import.meta.dirname, '..');

/** `!GetAtt key.Arn` as CloudFormation's long form; the packaging plugin turns function keys into logical ids. */
const GETATT = new yaml.Type('!GetAtt', {
  kind: 'scalar',
  construct: (text: string) => ({ 'Fn::GetAtt': text.split('.') }),
});
const REF = new yaml.Type('!Ref', { kind: 'scalar', construct: (name: string) => ({ Ref: name }) });
const SCHEMA = yaml.DEFAULT_SCHEMA.extend([GETATT, REF]);

/** Reads a YAML file of the project, given by its path from the root. */
export const readYaml = (file: string): unknown =>
  yaml.load(readFileSync(path.join(ROOT, file), 'utf8'), { schema: SCHEMA });
