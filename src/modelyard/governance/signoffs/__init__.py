"""Sign-offs: how governed items go through their steps, who is asked, who decides."""
