import type { Stack } from './scope.ts';

/** Removes what a failed creation made, newest first, and says what it removed and what it had to leave. */
export const rollBack = async ({ template, created }: Stack): Promise<string> => {
  const removed: string[] = [];
  const left: string[] = [];
  for (const [logicalId, { undo }] of [...created].reverse()) {
    if (!undo) continue;
    if (template.Resources[logicalId]?.DeletionPolicy === 'Retain') {
      left.push(`${logicalId} (its DeletionPolicy is Retain)`);
      continue;
    }
    await undo().then(
      () => removed.push(logicalId),
      (error: Error) => left.push(`${logicalId} (${error.message})`),
    );
  }
  return `Rolled back: ${removed.join(', ') || 'nothing'}. Left in place: ${left.join(', ') || 'nothing'}.`;
};
