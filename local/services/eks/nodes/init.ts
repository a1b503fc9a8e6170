// Preloaded into every pod's process: it ends with the node it runs on, however that ends. Nothing of the project is imported.
process.on('disconnect', () => process.exit(137));
process.channel?.unref();
