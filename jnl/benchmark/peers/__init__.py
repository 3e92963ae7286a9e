"""The same training in other frameworks, to compare speed. These scripts need packages that jnl does not require."""
