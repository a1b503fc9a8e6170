// A service that cannot start: what the pods of a failed release run.
process.stderr.write('no such table: settings\n');
process.exit(1);
