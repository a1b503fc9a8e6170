import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { FailoverId } from '../../shared/recovery/documents.ts';
import type { Drill } from '../../shared/recovery/drills.ts';
import { changeDrill } from './drill-book.ts';

export const LessonRequest = z.strictObject({
  /** The id of the drill, as its message gives it. */
  drill: FailoverId,
  by: z.string().min(1).max(200),
  text: z.string().min(1).max(2000),
});

/** Adds a lesson; the same one of the same person is added once. @throws {DrillUnknown} */
export const noteLesson = ({ drill, by, text }: z.output<typeof LessonRequest>): Promise<Drill> =>
  changeDrill(drill, (standing) =>
    standing.lessons.some((lesson) => lesson.by === by && lesson.text === text)
      ? standing
      : { ...standing, lessons: [...standing.lessons, { at: now().toISOString(), by, text }] },
  );
