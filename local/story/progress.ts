// What the story prints while it goes on: one line a step, with region time and how long it really took.
import { styleText } from 'node:util';

export interface Progress {
  chapter(title: string): void;
  step(at: Date | undefined, text: string): void;
  /** A claim and whether it held; the story's exit status follows from all of them. */
  claim(text: string, held: boolean, found?: string): void;
  failed(): string[];
  claims(): number;
}

export const createProgress = (write: (text: string) => void = (text) => void process.stdout.write(text)): Progress => {
  const began = Date.now();
  const failures: string[] = [];
  let count = 0;
  const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s`;
  const line = (mark: string, text: string, at?: Date): void => {
    const time = at ? `${at.toISOString().slice(0, 16).replace('T', ' ')}  ` : '';
    write(`${styleText('dim', seconds())}  ${mark} ${styleText('dim', time)}${text}\n`);
  };
  return {
    chapter: (title) => write(`\n${styleText('bold', title)}\n`),
    step: (at, text) => line('·', text, at),
    claim: (text, held, found) => {
      count += 1;
      if (!held) failures.push(found ? `${text}: ${found}` : text);
      line(held ? styleText('green', '✓') : styleText('red', '✗'), held || !found ? text : `${text}: ${found}`);
    },
    failed: () => failures,
    claims: () => count,
  };
};
