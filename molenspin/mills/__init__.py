"""Real windmills: from published tooth counts to assemblies, and back to the published speed ratio."""
