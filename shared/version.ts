/** Written into every recovery point; follows package.json (a test compares). */
export const VERSION = 'lifeboat 0.1.0';
