// Package clients shows what real AWS clients make of what the task exports: the AWS
// CLI, boto3, the AWS SDKs for JavaScript and Go, and OpenTofu's S3 backend. It holds
// tests only. A client that is not installed is named and skipped; with CI=true that
// is a failure.
package clients
