// @ts-check
/**
 * Preloaded into a server where there is no /proc: says how much CPU time and memory the process has used.
 */
process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, memory: process.memoryUsage.rss() });
});
process.channel?.unref();
