import type { Stack } from './scope.ts';

/** Removes what a failed creation made, newest first, and says how many it removed and which it had to leave. */
export const rollBack = async ({ template, created }: Stack): Promise<string> => {
  let removed = 0;
  const left: string[] = [];
  for (const [logicalId, { undo }] of [...created].reverse()) {
    if (!undo) continue;
    if (template.Resources[logicalId]?.DeletionPolicy === 'Retain') {
      left.push(`${logicalId} (its DeletionPolicy is Retain)`);
      continue;
    }
    await undo().then(
      () => {
        removed += 1;
      },
      (error: Error) => {
        left.push(`${logicalId} (${error.message})`);
      },
    );
  }
  return `Made before it and removed again: ${removed}. Left in place: ${left.join(', ') || 'nothing'}.`;
};
