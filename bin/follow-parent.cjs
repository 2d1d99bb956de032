// Loaded into the Node 24 child: when the process that started it is gone, however it ended, the child ends too.
'use strict';
if (process.channel !== undefined) {
  process.on('disconnect', () => process.exit(1));
  process.channel.unref();
}
