'use strict';

// The launcher of the task. The agent can only start Node; the work is done by
// one static binary per platform, and this file finds it, checks that it is
// complete and starts it. It has no dependencies and keeps to ES2019, so that it
// runs on every Node that an agent may choose (16, 20, 24). Each step waits for it:
// it loads nothing that the usual path does not need.
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

// Errors of chmod or exec that a private copy of the binary may get around: no
// execute bit, a file of another user, a read-only or noexec mount, a file that is
// being written.
const COPY_HELPS = new Set(['EACCES', 'EPERM', 'EROFS', 'ETXTBSY']);

// Variables of the Go runtime (https://pkg.go.dev/runtime). They are meant for other
// programs of the job; here they could end the program before it starts, slow it
// down, or write its memory to a file when it crashes.
const GO_RUNTIME = ['GODEBUG', 'GOTRACEBACK', 'GOMEMLIMIT', 'GOMAXPROCS', 'GOGC'];

// A SIGTERM comes 2.5 s before the agent kills this process, and then nobody
// would be left to end the binary
// (microsoft/azure-pipelines-agent src/Agent.Sdk/ProcessInvoker.cs).
const KILL_AFTER_SIGTERM_MS = 2000;

class LaunchError extends Error {
  constructor(code, summary, why, remedies) {
    super(summary);
    Object.assign(this, { code, why, remedies });
  }
}

// Escapes are those of microsoft/azure-pipelines-agent src/Agent.Sdk/CommandStringConvertor.cs.
function escapeData(text) {
  const keepPercent = !/^(|1|true|\$true)$/i.test(process.env.SECRET_DECODE_PERCENTS || process.env.DECODE_PERCENTS || '');
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
    ['Re-run the job; if it fails again, report this text to the maintainers.']);
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
  return new LaunchError('AAR-SHIM-HASH', 'the program of this task is incomplete or missing', why,
    ['Delete the folder of this task below the agent\'s _work/_tasks, so that the agent downloads it again.',
      'If it fails again, find out what changes files there (a virus scanner, a full disk, another job).']);
}

// What bin/manifest.json says of this platform's binary, which must be there in full.
function findBinary() {
  const key = platformKey();
  let binary;
  try {
    const entry = JSON.parse(fs.readFileSync(path.join(BIN, 'manifest.json'), 'utf8'))[key];
    binary = { file: path.join(BIN, path.basename(entry.file)), size: entry.size };
  } catch (err) {
    throw damaged(`bin/manifest.json cannot be read for ${key} (${describe(err)})`);
  }
  checkSize(binary.file, binary.size);
  return binary;
}

// Compares sizes, which shows an interrupted download and a full disk. Who could
// change the content could change this file, too, and the agent verifies the
// checksums of the archive when it extracts the task.
function checkSize(file, size) {
  let actual;
  try {
    actual = fs.statSync(file).size;
  } catch (err) {
    throw damaged(`it cannot be read (${describe(err)})`);
  }
  if (actual !== size) throw damaged(`${file} has ${actual} bytes, the published one has ${size}`);
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

// Copies the binary into a fresh directory that only this user can enter.
function privateCopy(binary) {
  const temp = process.env.AGENT_TEMPDIRECTORY;
  if (!temp) throw noPlace('AGENT_TEMPDIRECTORY is not set');
  let dir;
  try {
    dir = fs.mkdtempSync(path.join(temp, 'assume-aws-role-run-'));
    const file = path.join(dir, path.basename(binary.file));
    fs.copyFileSync(binary.file, file, fs.constants.COPYFILE_EXCL);
    fs.chmodSync(file, 0o700);
    checkSize(file, binary.size);
    return { dir, file };
  } catch (err) {
    remove(dir);
    throw noPlace(err instanceof LaunchError ? err.why : `a private copy failed with ${describe(err)}`);
  }
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
    process.platform === 'win32' ? [allowOnWindows()] : [
      'Mount the agent\'s temporary directory (_work/_temp) without noexec and let the agent\'s user write to it,',
      'or make _work/_tasks writable for that user or mount it without noexec.',
      'If SELinux, fapolicyd or another policy decides what may run, allow the program there.']);
}

function allowOnWindows() {
  return `Allow the program in the application control policy (AppLocker, App Control for Business) or in the virus scanner: ${BIN}\\*.exe; its version information names product and publisher.`;
}

// Says in words why the system did not start the file.
function notStarted(file, err) {
  const [why, remedy] = reasons()[err.code] ||
    ['the system refused it', process.platform === 'win32' ? allowOnWindows() : 'Look for the reason in the system log of the agent.'];
  return new LaunchError('AAR-SHIM-EXEC', 'the program of this task could not be started',
    `${why} (${describe(Object.assign(err, { path: file }))})`, [remedy]);
}

// The names are libuv's (https://docs.libuv.org/en/v1.x/errors.html). UNKNOWN is what
// Node makes of a block by a policy or a virus scanner on Windows.
function reasons() {
  const otherMachine = ['the file is not a program that this machine can run', 'Run the job on a machine whose processor and system are those of its agent; if they are, report this text to the maintainers.'];
  const full = ['the machine has no memory or no processes left for it', 'Run fewer jobs on this machine at once, or raise its limits.'];
  const tooMuch = ['the variables of this job are more than the system can pass to a program', 'Make variables of the job smaller, or move them to files.'];
  return {
    ENOENT: ['the file vanished', 'Find out what removes files from the folder of this task; often it is a virus scanner.'],
    ETXTBSY: ['another process is writing the file', 'Re-run the job.'],
    EBUSY: ['another process holds the file', 'Re-run the job.'],
    ENOEXEC: otherMachine, EFTYPE: otherMachine,
    ENOMEM: full, EAGAIN: full, EMFILE: full, ENFILE: full,
    E2BIG: tooMuch, ENAMETOOLONG: tooMuch,
  };
}

// What the agent has asked this process for, and the child that must hear of it.
const running = { child: undefined, signal: undefined };

// Starts the binary and calls done(err) once, after it has ended. An error that is
// no LaunchError means that no process came into being.
function start(file, mode, done) {
  let child;
  try {
    child = require('child_process').spawn(file, [mode], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (err) {
    done(err);
    return;
  }
  running.child = child;
  child.on('error', (err) => {
    if (!child.pid) done(err);
  });
  child.on('exit', (code, signal) => done(ending(code, signal, running.signal)));
}

// The agent signals only Node on Unix, so signals are passed on. On Windows the
// console delivers them to every process; here they must only not end Node first.
// Installed before anything is copied or started, so that nothing is left behind.
function forwardSignals() {
  const windows = process.platform === 'win32';
  for (const signal of windows ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!windows) passOn(signal);
    });
  }
}

function passOn(signal) {
  running.signal = signal;
  const { child } = running;
  if (!child) return;
  child.kill(signal);
  if (signal === 'SIGTERM') setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_SIGTERM_MS).unref();
}

function ending(code, signal, signalled) {
  if (signal) return signalDeath(signal, signalled);
  if (code === 0) return undefined;
  return new LaunchError('AAR-SHIM-CRASH', `the program of this task crashed with exit status ${code}`,
    'it ended before it could report a result; its last output, if any, is above',
    ['Re-run the job; if it fails again, report it to the maintainers with the output above.',
      process.platform === 'win32' ? 'Also check whether a virus scanner or an application control policy ended it.'
        : 'If the output is an error of a shell, the file is not a program that this machine can run: use the agent for its processor.']);
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
  const binary = findBinary();
  forwardSignals();
  const runCopy = () => {
    const copy = privateCopy(binary);
    start(copy.file, mode, (err) => {
      remove(copy.dir);
      const refused = err && COPY_HELPS.has(err.code);
      done(refused ? noPlace(`starting a private copy failed with ${describe(Object.assign(err, { path: copy.file }))}`) : inWords(copy.file, err));
    });
  };
  if (!executable(binary.file)) {
    runCopy();
    return;
  }
  start(binary.file, mode, (err) => {
    if (err && COPY_HELPS.has(err.code)) attempt(runCopy, done);
    else done(inWords(binary.file, err));
  });
}

function inWords(file, err) {
  return !err || err instanceof LaunchError ? err : notStarted(file, err);
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
  for (const name of GO_RUNTIME) delete process.env[name];
  const done = (err) => {
    if (err) report(mode, err);
    process.exit(0);
  };
  attempt(() => launch(mode, done), done);
}

module.exports = { run };

if (require.main === module) run('task');
