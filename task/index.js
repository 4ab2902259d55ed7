'use strict';

// The launcher of the task. The agent can only start Node; the work is done by
// one static binary per platform, and this file finds it, checks it and starts
// it. It has no dependencies and keeps to ES2019, so that it runs on every Node
// that an agent may choose (16, 20, 24).
//
// It always exits 0: the agent turns any other status into a second, unhelpful
// error (microsoft/azure-pipelines-agent src/Agent.Worker/Handlers/NodeHandler.cs).
// The binary reports its own failures and then exits 0, too; so this file speaks
// only when the binary could not.

const fs = require('fs');
const path = require('path');

const DOCS = 'https://github.com/assume-aws-role/assume-aws-role/blob/main/docs/troubleshooting.md#';
const BIN = path.join(__dirname, 'bin');
const SYSTEMS = { win32: 'windows', darwin: 'darwin', linux: 'linux' };
const MACHINES = { x64: 'amd64', arm64: 'arm64' };

// Errors of chmod, open or exec that a private copy of the binary may get around:
// no execute bit, a file of another user, a read-only or noexec mount, a file
// that is being written.
const COPY_HELPS = new Set(['EACCES', 'EPERM', 'EROFS', 'ETXTBSY']);

// A SIGTERM comes 2.5 s before the agent kills this process, and then nobody
// would be left to end the binary
// (microsoft/azure-pipelines-agent src/Agent.Sdk/ProcessInvoker.cs).
const KILL_AFTER_SIGTERM_MS = 2000;

const READ_CHUNK = 64 * 1024;

class LaunchError extends Error {
  constructor(code, summary, why, remedies) {
    super(summary);
    Object.assign(this, { code, why, remedies });
  }
}

// Escapes are those of microsoft/azure-pipelines-agent src/Agent.Sdk/CommandStringConvertor.cs.
function escapeData(text) {
  const keepPercent = /^false$/i.test(process.env.DECODE_PERCENTS || '');
  const escaped = keepPercent ? text : text.replace(/%/g, '%AZP25');
  return escaped.replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

// Writes a line straight to the descriptor: process.stdout may be a pipe that
// still holds data when the process ends.
function say(line) {
  let rest = Buffer.from(line + '\n');
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (err) {
      if (err.code !== 'EAGAIN') return;
    }
  }
}

// Reports what the binary could not report itself: the task's failure as one
// error and one result, a failed clean-up as one warning.
function report(mode, err) {
  const fault = err instanceof LaunchError ? err : unexpected(err);
  const lines = [`${fault.code}: ${fault.message}`, `Why: ${fault.why}`, 'What to do:']
    .concat(fault.remedies.map((remedy) => `- ${remedy}`))
    .concat(`More: ${DOCS}${fault.code.toLowerCase()}`)
    .map(printable);
  const type = mode === 'post' ? 'warning' : 'error';
  say(`##vso[task.logissue type=${type};code=${fault.code}]${escapeData(lines.join('\n'))}`);
  if (mode !== 'post') say('##vso[task.complete result=Failed]');
}

// Paths are foreign text: no control character and nothing that reads as a command.
function printable(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?').replace(/##(?=vso|\[)/gi, '# #');
}

function unexpected(err) {
  return new LaunchError('AAR-SHIM-EXEC', 'the program of this task could not be started',
    `the launcher met ${describe(err)}`,
    ['Re-run the job; if it fails again, report this text to the maintainers.']
      .concat(process.platform === 'win32' ? ['Check whether a virus scanner or an application control policy blocks it.'] : []));
}

function describe(err) {
  return [err.code || err.name, err.syscall, err.path].filter(Boolean).join(' ');
}

// The platform is that of the Node process: in a container the agent's own
// variables describe the host.
function platformKey() {
  const system = SYSTEMS[process.platform];
  let machine = MACHINES[process.arch];
  if (process.platform === 'win32' && process.arch === 'ia32') {
    machine = { AMD64: 'amd64', ARM64: 'arm64' }[process.env.PROCESSOR_ARCHITEW6432];
  }
  if (system && machine) return `${system}-${machine}`;
  throw new LaunchError('AAR-SHIM-PLATFORM',
    `this task has no program for ${process.platform} on ${process.arch}`,
    'it supports Linux, Windows and macOS on x64 and arm64',
    ['Run the job on an agent of one of these platforms.',
      'If the machine is 64-bit, install the 64-bit agent on it.']);
}

function damaged(why) {
  return new LaunchError('AAR-SHIM-HASH', 'the program of this task is not the one that was published', why,
    ['Delete the folder of this task below the agent\'s _work/_tasks, so that the agent downloads it again.',
      'If it fails again, find out what changes files there (a virus scanner, another job) before you run it.']);
}

// What bin/manifest.json says of this platform's binary.
function expectation() {
  const key = platformKey();
  try {
    const entry = JSON.parse(fs.readFileSync(path.join(BIN, 'manifest.json'), 'utf8'))[key];
    return { file: path.join(BIN, path.basename(entry.file)), sha256: entry.sha256 };
  } catch (err) {
    throw damaged(`bin/manifest.json cannot be read for ${key} (${describe(err)})`);
  }
}

// Feeds a file through SHA-256 and compares. `keep` receives each chunk, so that
// a copy consists of exactly the bytes that were checked.
function check(binary, keep) {
  const hash = require('crypto').createHash('sha256');
  const chunk = Buffer.allocUnsafe(READ_CHUNK);
  let fd;
  try {
    fd = fs.openSync(binary.file, 'r');
    for (let n; (n = fs.readSync(fd, chunk, 0, READ_CHUNK, null)) > 0;) {
      const part = chunk.subarray(0, n);
      hash.update(part);
      if (keep) keep(part);
    }
  } catch (err) {
    throw damaged(`it cannot be read (${describe(err)})`);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
  const actual = hash.digest('hex');
  if (actual !== binary.sha256) {
    throw damaged(`${binary.file} has SHA-256 ${actual}, not ${binary.sha256}`);
  }
}

// Tells whether the file can be executed where it is, after setting the execute
// bits if they are missing: the agent's extraction loses them. Windows has none.
function executable(file) {
  if (process.platform === 'win32') return true;
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch (_) {
    try {
      fs.chmodSync(file, 0o755);
      fs.accessSync(file, fs.constants.X_OK);
      return true;
    } catch (err) {
      if (COPY_HELPS.has(err.code)) return false;
      throw err;
    }
  }
}

// Writes a checked copy into a fresh directory that only this user can enter.
function privateCopy(binary) {
  const temp = process.env.AGENT_TEMPDIRECTORY;
  if (!temp) throw noPlace('AGENT_TEMPDIRECTORY is not set');
  let dir;
  try {
    dir = fs.mkdtempSync(path.join(temp, 'assume-aws-role-run-'));
    const file = path.join(dir, path.basename(binary.file));
    const fd = fs.openSync(file, 'wx', 0o700);
    try {
      check(binary, (part) => writeAll(fd, part));
    } finally {
      fs.closeSync(fd);
    }
    return { dir, file };
  } catch (err) {
    remove(dir);
    throw err instanceof LaunchError ? err : noPlace(`a private copy failed with ${describe(err)}`);
  }
}

function writeAll(fd, part) {
  for (let done = 0; done < part.length;) done += fs.writeSync(fd, part, done);
}

function remove(dir) {
  if (!dir) return;
  try {
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  } catch (_) {
    // The agent empties its temporary directory at the end of the job.
  }
}

function noPlace(why) {
  return new LaunchError('AAR-SHIM-EXEC', 'the program of this task cannot be executed on this agent',
    `the task's own folder does not allow it, and ${why}`,
    ['Mount the agent\'s temporary directory (_work/_temp) without noexec and let the agent\'s user write to it,',
      'or make _work/_tasks writable for that user or mount it without noexec.']);
}

// Starts the binary and calls done(err) once, after it has ended. An error with
// the property `notStarted` means that no process came into being.
function start(file, mode, done) {
  let child;
  let signalled = false;
  // Before the child exists: a signal in between would end Node and orphan it.
  forwardSignals((signal) => {
    signalled = true;
    child.kill(signal);
    if (signal === 'SIGTERM') setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_SIGTERM_MS).unref();
  });
  try {
    child = require('child_process').spawn(file, [mode], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (err) {
    done(Object.assign(err, { notStarted: true }));
    return;
  }
  child.on('error', (err) => {
    if (!child.pid) done(Object.assign(err, { notStarted: true }));
  });
  child.on('exit', (code, signal) => done(ending(code, signal, signalled)));
}

// The agent signals only Node on Unix, so signals are passed on. On Windows the
// console delivers them to every process; here they must only not end Node first.
function forwardSignals(toChild) {
  const windows = process.platform === 'win32';
  for (const signal of windows ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.removeAllListeners(signal);
    process.on(signal, () => windows || toChild(signal));
  }
}

function ending(code, signal, signalled) {
  if (signal) return signalDeath(signal, signalled);
  if (code === 0) return undefined;
  return new LaunchError('AAR-SHIM-CRASH', `the program of this task crashed with exit status ${code}`,
    'it ended before it could report a result; its last output, if any, is above',
    ['Re-run the job; if it fails again, report it to the maintainers with the output above.',
      'On Windows, also check whether a virus scanner or an application control policy ended it.']);
}

function signalDeath(signal, signalled) {
  if (signalled) {
    return new LaunchError('AAR-SHIM-SIGNAL', `the program of this task was ended by ${signal}`,
      'the step was canceled or timed out before the program could finish',
      ['Re-run the job, or raise the timeout of the step if it was too short.']);
  }
  const remedies = ['Check the memory limits and the system log of the agent: the kernel ends processes when memory runs out.'];
  if (process.platform === 'darwin') {
    remedies.push('On macOS, look for a code signing message of the kernel in Console, and delete the task\'s folder below _work/_tasks.');
  }
  return new LaunchError('AAR-SHIM-SIGNAL', `the program of this task was ended by ${signal}`,
    'something outside this task sent the signal, or the operating system refused to go on with the program', remedies);
}

// Runs the binary in the given mode, where it lies if possible, else as a copy.
function launch(mode, done) {
  const binary = expectation();
  const runCopy = () => {
    const copy = privateCopy(binary);
    start(copy.file, mode, (err) => {
      remove(copy.dir);
      done(err && err.notStarted ? noPlace(`starting a private copy failed with ${describe(err)}`) : err);
    });
  };
  check(binary);
  if (!executable(binary.file)) {
    runCopy();
    return;
  }
  start(binary.file, mode, (err) => {
    if (!(err && err.notStarted && COPY_HELPS.has(err.code))) {
      done(err);
      return;
    }
    attempt(runCopy, done);
  });
}

function attempt(action, done) {
  try {
    action();
  } catch (err) {
    done(err);
  }
}

// Runs the task or its clean-up; never throws and never sets an exit status.
function run(mode) {
  // They change how the Go runtime behaves and what it prints when it crashes.
  delete process.env.GODEBUG;
  delete process.env.GOTRACEBACK;
  const done = (err) => {
    if (err) report(mode, err);
    process.exit(0);
  };
  attempt(() => launch(mode, done), done);
}

module.exports = { run };

if (require.main === module) run('task');
