'use strict';

// The clean-up after the job. The agent runs it even where the step itself never
// ran; then no task variable exists and there is nothing to clean up
// (microsoft/azure-pipelines-agent src/Agent.Worker/JobExtension.cs).
if (Object.keys(process.env).some((name) => name.toUpperCase().startsWith('VSTS_TASKVARIABLE_'))) {
  require('./index.js').run('post');
}
