import { lambda } from '../../shared/lambda/lambda.ts';
import { LessonRequest, noteLesson } from './lessons.ts';

/** Writes down what people learnt in a drill. */
export const handler = lambda(LessonRequest, noteLesson);
