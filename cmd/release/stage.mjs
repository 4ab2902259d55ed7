// Stages the extension: copies what tfx packs into a folder, with other names and
// versions where the flags of ./build.sh package say so. No tracked file changes.
//
//   node cmd/release/stage.mjs OUT [--publisher P] [--version V] [--dev] [--without A,B] [--setup DIR]
//
// OUT must not exist. DIR holds the built set-up page, which is staged as setup/. The
// flags go into build.json, from which ./build.sh verify takes them. Prints publisher,
// extension id and version.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const fail = (why) => {
  console.error(`stage: ${why}`);
  process.exit(1);
};

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const write = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function setVersion(extension, task, version) {
  const numbers = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(version)?.slice(1).map(Number);
  if (!numbers) fail(`the version ${version} must be three numbers joined by dots, such as 1.2.3`);
  if (numbers[0] !== Number(task.version.Major)) fail(`the version ${version} changes the major version that users pin; change task.json first`);
  extension.version = version;
  [task.version.Major, task.version.Minor, task.version.Patch] = numbers;
}

// Removes a choice of connectionType and the inputs that depend on it alone.
function leaveOut(task, choice) {
  const selector = task.inputs.find((input) => input.name === 'connectionType');
  if (!selector.options[choice] || selector.defaultValue === choice) fail(`${choice} is not a choice of connectionType that can be left out`);
  delete selector.options[choice];
  task.inputs = task.inputs.filter((input) => {
    if (!input.visibleRule) return true;
    input.visibleRule = input.visibleRule.split(' || ').filter((rule) => rule !== `connectionType = ${choice}`).join(' || ');
    return input.visibleRule !== '';
  });
}

// Renames what must be unique in Azure DevOps, and what people choose by, so that the
// build can be installed beside the published extension.
function makeDev(extension, task) {
  extension.id += '-dev';
  extension.name += ' (dev)';
  extension.public = false;
  for (const { type, properties } of extension.contributions) {
    if (type === 'ms.vss-web.hub') properties.name += ' (dev)';
    if (type !== 'ms.vss-endpoint.service-endpoint-type') continue;
    for (const input of task.inputs) if (input.type === `connectedService:${properties.name}`) input.type += 'Dev';
    properties.name += 'Dev';
    properties.displayName += ' (dev)';
  }
  task.id = uuid5(task.id, 'dev');
  task.name += 'Dev';
  task.friendlyName += ' (dev)';
}

// Derives a UUID from another one and a name (RFC 9562, section 5.5).
function uuid5(space, name) {
  const sum = createHash('sha1').update(Buffer.from(space.replaceAll('-', ''), 'hex')).update(name).digest();
  sum[6] = (sum[6] & 0x0f) | 0x50;
  sum[8] = (sum[8] & 0x3f) | 0x80;
  return sum.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// Copies what the manifest names. The set-up page is built, everything else is tracked.
function copyFiles(extension, out, setup) {
  for (const path of [extension.content.details.path, ...extension.files.map((file) => file.path)]) {
    const source = path === 'setup' ? setup : path;
    if (!source || !existsSync(source)) fail(`vss-extension.json lists ${path}, which does not exist${path === 'setup' ? '; name the built page with --setup' : ''}`);
    mkdirSync(dirname(join(out, path)), { recursive: true });
    cpSync(source, join(out, path), { recursive: true });
  }
}

const { values: options, positionals: [out, ...rest] } = (() => {
  const flags = { publisher: { type: 'string' }, version: { type: 'string' }, dev: { type: 'boolean' }, without: { type: 'string' }, setup: { type: 'string' } };
  try {
    return parseArgs({ options: flags, allowPositionals: true });
  } catch (err) {
    return fail(err.message);
  }
})();
if (!out || rest.length > 0) fail('one folder must be named, and flags take their values without spaces: --without awsToolkit,azureDevOps');

const extension = read('vss-extension.json');
const task = read('task/task.json');
const tracked = Object.values(task.version).join('.');
if (tracked !== extension.version) fail(`task.json has version ${tracked}, vss-extension.json has ${extension.version}; make them equal`);

const flags = [];
if (options.publisher !== undefined && options.publisher !== extension.publisher) {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(options.publisher)) fail(`the publisher ${options.publisher} must consist of letters, digits, dots, hyphens and underscores`);
  extension.publisher = options.publisher;
  flags.push(`--publisher=${options.publisher}`);
}
if (options.version !== undefined && options.version !== extension.version) {
  setVersion(extension, task, options.version);
  flags.push(`--version=${options.version}`);
}
if (options.without !== undefined) {
  const choices = [...new Set(options.without.split(','))].sort();
  for (const choice of choices) leaveOut(task, choice);
  flags.push(`--without=${choices.join(',')}`);
}
if (options.dev) {
  makeDev(extension, task);
  flags.push('--dev');
}

mkdirSync(out);
copyFiles(extension, out, options.setup);
write(join(out, 'build.json'), { flags });
extension.files.push({ path: 'build.json' });
write(join(out, 'vss-extension.json'), extension);
write(join(out, 'task', 'task.json'), task);
console.log(extension.publisher, extension.id, extension.version);
