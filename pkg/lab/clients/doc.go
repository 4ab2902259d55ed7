// Package clients shows what real AWS clients make of what the task exports: the AWS
// CLI, boto3, the AWS SDKs for JavaScript and Go, and OpenTofu's S3 backend. The tests
// skip a client that is not installed by name; with CI=true that is a failure. The bench
// finds the same clients here.
package clients
