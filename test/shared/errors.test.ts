import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { LifeboatError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

class BoatMissing extends LifeboatError {
  override readonly name = 'BoatMissing';
}

describe('an error of ours', () => {
  it('says who, which point, what happened, what was expected and found, and what to do', () => {
    const error = new BoatMissing('there is no boat.', {
      source: 'shop-db',
      recoveryPoint: 'p1',
      expected: ['a', 'b'],
      found: 'none',
      next: 'Build one.',
    });
    expect(error.message).toBe(
      'shop-db (recovery point p1): there is no boat. Expected ["a","b"]. Found none. Build one.',
    );
    expect(new BoatMissing('there is no boat.', { source: 'shop-db', next: 'Build one.' }).message).toBe(
      'shop-db: there is no boat. Build one.',
    );
  });

  it('has the name of its class as literal text, so that it survives minification', () => {
    const sources = globSync(['functions/**/*.ts', 'shared/**/*.ts'], { cwd: ROOT }).map((file) =>
      readFileSync(path.join(ROOT, file), 'utf8'),
    );
    const classes = sources.flatMap((text) => [...text.matchAll(/class (\w+) extends LifeboatError \{\n\s+(.*)\n/g)]);
    expect(classes.length).toBeGreaterThan(15);
    for (const [, name, line] of classes) expect(line).toBe(`override readonly name = '${name}';`);
  });
});

it('the version written into recovery points is that of the package', () => {
  expect(VERSION).toBe(`lifeboat ${packageJson.version}`);
});
