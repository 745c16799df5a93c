"""What this machine is and has: a module for each subject, which raises NotKnown where it cannot tell."""
