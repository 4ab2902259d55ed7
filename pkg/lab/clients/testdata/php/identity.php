<?php
// Finds credentials in the shared credentials file as the AWS SDK for PHP does, and
// prints the access key id.
$file = getenv('AWS_SHARED_CREDENTIALS_FILE');
$profiles = parse_ini_file($file, true, INI_SCANNER_RAW);
if ($profiles === false) {
    fwrite(STDERR, "cannot read $file\n");
    exit(1);
}
$name = getenv('AWS_PROFILE');
if (!isset($profiles[$name]['credential_process'])) {
    fwrite(STDERR, "no credential_process for $name in $file\n");
    exit(1);
}
$said = json_decode(shell_exec($profiles[$name]['credential_process']), true);
if (($said['Version'] ?? 0) !== 1 || strtotime($said['Expiration']) < time()) {
    fwrite(STDERR, "no usable answer\n");
    exit(1);
}
echo $said['AccessKeyId'], "\n";
