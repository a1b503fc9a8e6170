// Puts the chosen platform configuration in place of `#platform`: read and checked here, once, and not at every cold start.
const { load } = require('./platform.cjs');

const platform = {
  name: 'platform',
  setup(build) {
    build.onResolve({ filter: /^#platform$/ }, ({ path }) => ({ path, namespace: 'platform' }));
    build.onLoad({ filter: /.*/, namespace: 'platform' }, async () => ({
      contents: JSON.stringify(await load()),
      loader: 'json',
    }));
  },
};

/** zod exports its messages in fifty languages as one object, which no bundler can take apart: a fifth of every bundle. */
const english = {
  name: 'english',
  setup(build) {
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ path, importer, kind, resolveDir }) =>
      /node_modules\/zod\//.test(importer)
        ? build.resolve(path.replace('index.js', 'en.js'), { importer, kind, resolveDir })
        : undefined,
    );
  },
};

/** The Kafka client's checksums are WebAssembly: read from a file beside it, which a bundle does not have, or held in the code. */
const bundledWasm = {
  name: 'bundled-wasm',
  setup(build) {
    build.onResolve({ filter: /^@platformatic\/wasm-utils$/ }, ({ path, importer, kind, resolveDir }) =>
      build.resolve(`${path}/bundled`, { importer, kind, resolveDir }),
    );
  },
};

/** Modules that ask where they are are answered: the bundle is no module, and has no `import.meta`. */
const moduleUrl = {
  name: 'module-url',
  setup({ initialOptions }) {
    initialOptions.define = { ...initialOptions.define, 'import.meta.url': 'bundleUrl' };
    initialOptions.banner = { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" };
  },
};

module.exports = [platform, english, bundledWasm, moduleUrl];
