"""The local stack of Madoguchi: servers from wheels, provider simulators and the demonstration case."""
