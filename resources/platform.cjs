// The chosen platform configuration: LIFEBOAT_CONFIG, or lifeboat.config.ts.
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const file = path.resolve(process.env.LIFEBOAT_CONFIG ?? 'lifeboat.config.ts');
const load = async () => (await import(pathToFileURL(file).href)).default;

module.exports = { file, load, name: async () => (await load()).platform };
