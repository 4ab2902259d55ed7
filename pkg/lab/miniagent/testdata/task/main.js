'use strict';
// A task that does what its input "does" says, one action each line.
const { spawn } = require('child_process');
const fs = require('fs');

const say = (text) => fs.writeSync(1, text + '\n');
const actions = {
  say,
  err: (text) => fs.writeSync(2, text + '\n'),
  raw: (text) => fs.writeSync(1, JSON.parse(text)),
  env: (pattern) => {
    for (const name of Object.keys(process.env).sort()) {
      if (new RegExp(pattern).test(name)) say(`${name}=${JSON.stringify(process.env[name])}`);
    }
  },
  stdin: () => say('stdin has ' + fs.readFileSync(0).length + ' bytes'),
  cwd: () => say('cwd ' + process.cwd()),
  write: (file) => fs.writeFileSync(file, ''),
  exit: (status) => process.exit(Number(status)),
  // Holds a signal off and says that it came.
  trap: (name) => process.on(name, () => say('got ' + name)),
  // Stays until the agent ends it.
  stay: () => { setInterval(() => {}, 1 << 30); say('ready'); },
  // Leaves a child behind: one that holds the output, or one that does not.
  hold: () => spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true }).unref(),
  leave: () => spawn('sleep', ['60'], { stdio: 'ignore', detached: true }).unref(),
};

for (const line of (process.env.INPUT_DOES || '').split('\n').filter(Boolean)) {
  const at = (line + ' ').indexOf(' ');
  actions[line.slice(0, at)](line.slice(at + 1));
}
