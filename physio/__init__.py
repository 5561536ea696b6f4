"""The plug board: settings, addresses, tasks and commands that join the apps together."""
