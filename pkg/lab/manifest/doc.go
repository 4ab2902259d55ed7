// Package manifest holds the rules for task/task.json and vss-extension.json as
// tests: what the packaging tool and the service do not notice or only warn about,
// and that the program, the manifests and the documentation name the same things.
package manifest
